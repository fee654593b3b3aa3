// The address of this gateway is the one that this page came from, whatever proxy, port or path prefix is in between.
const api = await (await fetch('openapi.json')).json();
const here = new URL('.', window.location.href).href.replace(/\/$/, '');

// Requests must be signed, which this page cannot do: it is for reading.
window.SwaggerUIBundle({
  spec: { ...api, servers: [{ url: here, description: 'This gateway.' }] },
  dom_id: '#reference',
  supportedSubmitMethods: [],
  defaultModelsExpandDepth: 0,
});
