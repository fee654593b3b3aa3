import { visible } from './visible.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Makes a text safe inside XML and HTML, in elements and in quoted attributes; control and invisible characters become visible. */
export const escapeMarkup = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, (character) => (character === '\n' ? '\n' : '\ufffd'))
    .replace(/[^\n\ufffd]+/g, visible)
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
