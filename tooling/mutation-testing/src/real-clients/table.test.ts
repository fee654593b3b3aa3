import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SUITE_FOLDER } from '../suite.ts';
import { REAL_CLIENTS } from './clients.ts';
import { asBytes, code } from './measure.ts';
import { measuredVersions, renderPage } from './page.ts';
import { differences, parseTable, renderTable, type Table } from './table.ts';
import { TARGETS } from './targets.ts';

const table: Table = {
  columns: ['Given', 'curl', 'axios'],
  rows: [
    ['`/a?`', 'as given → 200', '`/a` → 200'],
    ['`/a\\|b`', 'not sent', 'as given → 200'],
  ],
};

describe('the table of real clients', () => {
  it('is read back as it was written', () => {
    expect(parseTable(`# Page\n\n${renderTable(table)}\n`)).toEqual(table);
  });

  it('stands on a page that says which versions were measured', () => {
    expect(measuredVersions(renderPage(table, 'curl 7.88.1, axios 1.21.1'))).toEqual([
      'curl 7.88.1',
      'axios 1.21.1',
    ]);
  });

  it('differs by nothing from itself', () => {
    expect(differences(table, table)).toEqual([]);
  });

  it('names each cell that differs, and each that is missing', () => {
    const measured: Table = {
      columns: ['Given', 'axios', 'new'],
      rows: [['`/a?`', 'as given → 200', 'as given → 200']],
    };
    expect(differences(table, measured)).toEqual([
      '`/a?`, axios: the page says `/a` → 200, measured as given → 200',
      '`/a?`, new: the page says nothing, measured as given → 200',
    ]);
  });

  it('is committed with every client and every target', () => {
    const page = readFileSync(join(SUITE_FOLDER, 'docs/real-clients.md'), 'utf8');
    const { columns, rows } = parseTable(page);
    expect(columns).toEqual(['Given', ...REAL_CLIENTS.map(({ name }) => name)]);
    expect(rows.map(([given]) => given)).toEqual(TARGETS.map((target) => code(asBytes(target))));
  });
});
