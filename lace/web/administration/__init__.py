"""Pages of an authority's administrator: people, roles, invitations, the access review. No child's record stands on any of them."""
