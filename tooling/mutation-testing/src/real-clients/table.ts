/**
 * The request target that each client (a column) sends for each given target (a row, named in the first
 * column).
 */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A Markdown table, aligned so that it reads well as text. */
export const renderTable = ({ columns, rows }: Table): string => {
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [line(columns), rule, ...rows.map(line)].join('\n');
};

const parseCells = (line: string): readonly string[] =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim());

/** Parses the table of a Markdown page. Throws without a table. */
export const parseTable = (markdown: string): Table => {
  const [head, , ...rows] = markdown.split('\n').filter((line) => line.startsWith('|'));
  if (head === undefined) throw new Error('The page has no table.');
  return { columns: parseCells(head), rows: rows.map(parseCells) };
};

/** One line for each cell of `measured` that differs in the committed table or is missing there. */
export const differences = (committed: Table, measured: Table): readonly string[] => {
  const lines: string[] = [];
  for (const [target = '', ...cells] of measured.rows) {
    const row = committed.rows.find(([name]) => name === target);
    for (const [index, cell] of cells.entries()) {
      const column = measured.columns[index + 1] ?? '';
      const was = row?.[committed.columns.indexOf(column)] ?? 'nothing';
      if (was !== cell) lines.push(`${target}, ${column}: the page says ${was}, measured ${cell}`);
    }
  }
  return lines;
};
