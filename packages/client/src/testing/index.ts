export type { OperationName, Reply } from './reply.ts';
export { ScriptedGateway, type ScriptedGatewayOptions, type ScriptedRequest } from './scripted-gateway.ts';
export {
  type MadeRequest,
  type MadeWebhook,
  makeSignedRequest,
  makeWebhook,
  type RequestToMake,
  type WebhookToMake,
} from './signed-messages.ts';
