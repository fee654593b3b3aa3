import { catalogue } from './catalogue.ts';

/** One line a case: id and description, tab-separated, for people and for `cut`. */
export const list = (): string =>
  `${catalogue()
    .map(({ id, description }) => `${id}\t${description}`)
    .join('\n')}\n`;
