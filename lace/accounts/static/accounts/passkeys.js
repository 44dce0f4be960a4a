// Passkeys: asks the device, puts its answer into the form and sends it. Without JavaScript the forms stay hidden; a password and a code always do.
const supported = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON

async function options (form) {
  const here = document.getElementById(form.dataset.passkeyOptions)
  if (here) return JSON.parse(here.textContent).publicKey
  const answer = await fetch(form.action, { headers: { Accept: 'application/json' } })
  if (!answer.ok) throw new Error(`The server answered ${answer.status}`)
  return (await answer.json()).request_options.publicKey
}

async function ask (form) {
  const given = await options(form)
  if (form.dataset.passkey === 'create') return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(given) })
  return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(given) })
}

for (const form of supported ? document.querySelectorAll('form[data-passkey]') : []) {
  const problem = form.querySelector('[data-passkey-problem]')
  form.hidden = false
  form.addEventListener('submit', async event => {
    event.preventDefault()
    problem.hidden = true
    try {
      form.elements.credential.value = JSON.stringify((await ask(form)).toJSON())
      form.submit() // past this listener
    } catch (error) {
      console.warn(error) // most often the person pressed Cancel
      problem.hidden = false
    }
  })
}
