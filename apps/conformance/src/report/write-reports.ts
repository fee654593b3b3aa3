import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ResultRecord } from '../core/record.ts';
import { renderJsonLines } from './json-lines.ts';

/** Where each report goes; one that is left out is not written. */
export interface ReportFiles {
  readonly jsonl?: string;
}

const RENDERERS: Readonly<Record<keyof ReportFiles, (records: readonly ResultRecord[]) => string>> = {
  jsonl: renderJsonLines,
};

/** Writes every report that was asked for, making folders as needed. */
export const writeReports = async (records: readonly ResultRecord[], files: ReportFiles): Promise<void> => {
  for (const [name, render] of Object.entries(RENDERERS)) {
    const path = files[name as keyof ReportFiles];
    if (path === undefined) continue;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, render(records));
  }
};
