export { ACCEPTED_PROBES } from './accepted-probes.ts';
export { HEADER_PROBES } from './header-probes.ts';
export { ENCODING_PROBES, ORDER_PROBES } from './order-probes.ts';
export {
  assemble,
  type Basis,
  type CraftedRequest,
  type Expected,
  type HeaderPair,
  type Probe,
  type Recipe,
} from './probe.ts';
export { RECIPE_PROBES } from './recipe-probes.ts';
export { KEY_PROBES, SIGNATURE_PROBES } from './signature-probes.ts';
export { TAMPER_PROBES } from './tamper-probes.ts';
export { TARGET_PROBES, UNPARSABLE_TARGET_PROBES } from './target-probes.ts';
export { COARSE_WINDOW_PROBES, EXACT_WINDOW_PROBES, TIMESTAMP_PROBES } from './timestamp-probes.ts';
