"""What joins across apps, read only. Every function starts at what the actor may see."""
