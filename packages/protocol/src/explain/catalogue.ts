import { algorithmMistakes } from './algorithm-mistakes.ts';
import { bodyHashMistakes, bodyMistakes } from './body-mistakes.ts';
import type { ClockCode } from './explain-mismatch.ts';
import { methodMistakes, pathMistakes, queryMistakes, timestampMistakes } from './field-mistakes.ts';
import type { MistakeLists } from './find-mistakes.ts';
import { foreignRecipeMistakes, requestFramingMistakes, webhookFramingMistakes } from './framing-mistakes.ts';
import { keyMistakes } from './key-mistakes.ts';
import { proxyMistakes } from './proxy-mistakes.ts';
import type { OutputCode } from './received-signature.ts';

/** The mistakes tried for a request, one list per step of signing. */
export const REQUEST_MISTAKES = [
  timestampMistakes,
  methodMistakes,
  [...pathMistakes, ...proxyMistakes],
  queryMistakes,
  bodyMistakes,
  bodyHashMistakes,
  [...requestFramingMistakes, ...foreignRecipeMistakes],
  keyMistakes,
  algorithmMistakes,
];

/** The mistakes tried for a webhook. */
export const WEBHOOK_MISTAKES = [
  timestampMistakes,
  bodyMistakes,
  [...webhookFramingMistakes, ...foreignRecipeMistakes],
  keyMistakes,
  algorithmMistakes,
];

type CodesOf<Lists> = Lists extends MistakeLists<infer Code> ? Code : never;

/** Every code of a finding. */
export type FindingCode =
  | CodesOf<typeof REQUEST_MISTAKES>
  | CodesOf<typeof WEBHOOK_MISTAKES>
  | OutputCode
  | ClockCode;
