import type { FindingCode } from '@cpg/protocol/explain';
import { bash } from './bash.ts';
import { go } from './go.ts';
import { java } from './java.ts';
import { node } from './node.ts';
import { php } from './php.ts';
import { python } from './python.ts';
import { ruby } from './ruby.ts';
import { type LanguageFixes, STEP_OF, STEPS } from './steps.ts';

export { STEP_OF, STEPS } from './steps.ts';

/** The languages in which fixes are written. */
export const FIX_LANGUAGES: readonly LanguageFixes[] = [bash, node, python, php, go, java, ruby];

/** The language of a client, by the `User-Agent` in the head of its request; `undefined` when it is not known. */
export const findFixLanguage = (head: string): LanguageFixes | undefined => {
  const userAgent = /^user-agent: *(.*)$/im.exec(head)?.[1] ?? '';
  return FIX_LANGUAGES.find((language) => language.userAgent.test(userAgent));
};

export interface CodeFix {
  /** Code that makes the step in which the mistake is, without it. */
  readonly code: string;
  /** What usually causes the mistake in this language. */
  readonly note: string | undefined;
}

const isFindingCode = (code: string): code is FindingCode => Object.hasOwn(STEP_OF, code);

/** The fix of a mistake as code; `undefined` when no code of the caller corrects it, such as a setting of a proxy. */
export const findCodeFix = (code: string, { steps, notes }: LanguageFixes): CodeFix | undefined => {
  if (!isFindingCode(code)) return undefined;
  const step = STEP_OF[code];
  return step === 'proxy' || step === 'webhook' ? undefined : { code: steps[step], note: notes[code] };
};

/** All steps as one program, without what the language needs around it. */
export const createProgram = ({ steps }: LanguageFixes): string =>
  STEPS.map((step) => steps[step]).join('\n\n');
