export { type MadeRequest, makeSignedRequest, type RequestToMake } from './make-signed-request.ts';
export { type MadeWebhook, makeWebhook, type WebhookToMake } from './make-webhook.ts';
export type { OperationName, Reply } from './reply.ts';
export { ScriptedGateway, type ScriptedGatewayOptions, type ScriptedRequest } from './scripted-gateway.ts';
