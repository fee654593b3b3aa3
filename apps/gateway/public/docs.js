// Requests must be signed, which this page cannot do: it is for reading.
window.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  supportedSubmitMethods: [],
  defaultModelsExpandDepth: 0,
});
