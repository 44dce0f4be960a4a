// What the pages do beyond plain HTML; every page works without it.
// One import a component: the package's index would bring every other one along. Radios and Checkboxes stay out: what a choice
// reveals is done in the style sheet, because their aria-expanded is not allowed on a radio button (axe: aria-allowed-attr).
import { Button } from 'govuk-frontend/components/button/button.mjs'
import { CharacterCount } from 'govuk-frontend/components/character-count/character-count.mjs'
import { ErrorSummary } from 'govuk-frontend/components/error-summary/error-summary.mjs'
import { NotificationBanner } from 'govuk-frontend/components/notification-banner/notification-banner.mjs'
import { PasswordInput } from 'govuk-frontend/components/password-input/password-input.mjs'
import { ServiceNavigation } from 'govuk-frontend/components/service-navigation/service-navigation.mjs'
import { SkipLink } from 'govuk-frontend/components/skip-link/skip-link.mjs'

document.body.classList.add('js-enabled')
if ('noModule' in HTMLScriptElement.prototype) document.body.classList.add('govuk-frontend-supported')
for (const Component of [Button, CharacterCount, ErrorSummary, NotificationBanner, PasswordInput, ServiceNavigation, SkipLink]) {
  for (const element of document.querySelectorAll(`[data-module="${Component.moduleName}"]`)) {
    try {
      new Component(element)
    } catch (error) {
      console.error(error) // one broken part must not stop the others
    }
  }
}

// "Hide this screen": the link, or Escape twice within a second. replace() leaves no way back to this page in the tab's history.
const hide = document.querySelector('[data-hide]')
if (hide) {
  const leave = () => {
    document.body.hidden = true
    window.location.replace(hide.href)
  }
  let last = -Infinity
  hide.addEventListener('click', event => { event.preventDefault(); leave() })
  document.addEventListener('keydown', event => {
    if (event.key !== 'Escape') return
    if (event.timeStamp - last < 1000) leave()
    last = event.timeStamp
  })
}

for (const button of document.querySelectorAll('[data-print]')) {
  button.hidden = false
  button.addEventListener('click', () => window.print())
}
