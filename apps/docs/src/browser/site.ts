import MiniSearch, { type SearchResult } from 'minisearch';
import { SEARCH_OPTIONS, type SearchEntry } from '../search.ts';
import { findServer } from './server.ts';

const page = document.documentElement;

const remember = (name: 'theme' | 'language', value: string): void => {
  page.dataset[name] = value;
  try {
    localStorage.setItem(`cpg-docs-${name}`, value);
  } catch {
    // Storage may be blocked: the choice holds for this page.
  }
};

const find = <E extends Element>(selector: string): E => {
  const element = document.querySelector<E>(selector);
  if (element === null) throw new Error(`Expected an element ${selector} in the page: got none.`);
  return element;
};

const isDark = (): boolean =>
  (page.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';

find('[data-theme-toggle]').addEventListener('click', () => remember('theme', isDark() ? 'light' : 'dark'));

const menu = find<HTMLButtonElement>('.menu');
menu.addEventListener('click', () => {
  menu.setAttribute('aria-expanded', `${menu.getAttribute('aria-expanded') !== 'true'}`);
});
document.querySelector('.navigation [aria-current]')?.scrollIntoView({ block: 'nearest' });

/** Marks the tab that the style sheet shows: the one of the chosen language, otherwise the first. */
const markTabs = (): void => {
  for (const group of document.querySelectorAll('.tabs')) {
    const buttons = [...group.querySelectorAll<HTMLButtonElement>(':scope > [role=tablist] > [role=tab]')];
    const chosen = buttons.find(({ dataset }) => dataset.tab === page.dataset.language) ?? buttons[0];
    for (const button of buttons) {
      button.setAttribute('aria-selected', `${button === chosen}`);
      button.tabIndex = button === chosen ? 0 : -1;
    }
  }
};
markTabs();

const choose = (button: HTMLElement): void => {
  // The pages jump less when the tab that was clicked stays where it is.
  const before = button.getBoundingClientRect().top;
  remember('language', `${button.dataset.tab}`);
  markTabs();
  scrollBy({ top: button.getBoundingClientRect().top - before, behavior: 'instant' });
};

document.addEventListener('click', (event) => {
  const target = event.target as Element;
  const tab = target.closest<HTMLElement>('[role=tab]');
  if (tab !== null) choose(tab);
  const copy = target.closest<HTMLElement>('[data-copy]');
  if (copy !== null) void copyCode(copy);
});

document.addEventListener('keydown', (event) => {
  const tab = (event.target as Element).closest<HTMLElement>('[role=tab]');
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (tab === null || step === undefined) return;
  const buttons = [...(tab.parentElement?.children ?? [])] as HTMLElement[];
  const next = buttons[(buttons.indexOf(tab) + step + buttons.length) % buttons.length];
  if (next === undefined) return;
  choose(next);
  next.focus();
});

const copyCode = async (button: HTMLElement): Promise<void> => {
  await navigator.clipboard.writeText(button.parentElement?.querySelector('code')?.textContent ?? '');
  button.textContent = 'Copied';
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 1_500);
};

for (const element of document.querySelectorAll('[data-server]')) {
  element.textContent = findServer() ?? element.textContent;
}

const dialog = find<HTMLDialogElement>('.search-dialog');
const input = find<HTMLInputElement>('.search-dialog input');
const list = find<HTMLOListElement>('.search-dialog ol');
const status = find<HTMLElement>('.search-dialog [role=status]');

let index: Promise<MiniSearch<SearchEntry>> | undefined;
const loadIndex = (): Promise<MiniSearch<SearchEntry>> => {
  index ??= fetch(`${page.dataset.root}assets/search.json`)
    .then((response) => response.text())
    .then((json) => MiniSearch.loadJSON<SearchEntry>(json, SEARCH_OPTIONS));
  return index;
};

const openSearch = (): void => {
  void loadIndex();
  dialog.showModal();
  input.select();
};
find('[data-search]').addEventListener('click', openSearch);
document.addEventListener('keydown', (event) => {
  const isTyping = (event.target as Element).matches('input, textarea, select');
  if ((event.key === '/' && !isTyping) || (event.key === 'k' && (event.ctrlKey || event.metaKey))) {
    event.preventDefault();
    openSearch();
  }
});

const MAX_RESULTS = 12;

const showResult = ({ url, title, heading, excerpt }: SearchResult): HTMLLIElement => {
  const item = document.createElement('li');
  const link = document.createElement('a');
  link.href = `${page.dataset.root}${url}`;
  for (const [tag, text] of [
    ['strong', heading === '' ? title : `${title} › ${heading}`],
    ['span', excerpt],
  ]) {
    const element = document.createElement(tag as string);
    element.textContent = text;
    link.append(element);
  }
  item.append(link);
  return item;
};

const search = async (): Promise<void> => {
  const query = input.value.trim();
  const results = query === '' ? [] : (await loadIndex()).search(query).slice(0, MAX_RESULTS);
  if (query !== input.value.trim()) return;
  list.replaceChildren(...results.map(showResult));
  status.textContent = query === '' || results.length > 0 ? '' : `Nothing found for “${query}”.`;
};
input.addEventListener('input', () => void search());
input.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter') return;
  event.preventDefault();
  list.querySelector('a')?.click();
});
dialog.addEventListener('keydown', (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const stops = [input, ...list.querySelectorAll('a')];
  stops[
    (stops.indexOf(document.activeElement as HTMLAnchorElement) + step + stops.length) % stops.length
  ]?.focus();
});
list.addEventListener('click', () => dialog.close());
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close();
});
