// Takes from govuk-frontend only what js/app.js imports, and writes one file.
const packages = {
  name: 'packages',
  resolveId: (name) => name.startsWith('govuk-frontend/')
    ? new URL(name.replace('govuk-frontend/', 'node_modules/govuk-frontend/dist/govuk/'), import.meta.url).pathname
    : null
}

export default { input: 'js/app.js', output: { format: 'es' }, plugins: [packages] }
