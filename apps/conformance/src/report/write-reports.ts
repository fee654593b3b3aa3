import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ResultRecord } from '../core/record.ts';
import { renderBadge } from './badge.ts';
import { renderHtml } from './html.ts';
import { renderJsonLines } from './json-lines.ts';
import { renderJunit } from './junit.ts';
import { renderMarkdown } from './markdown.ts';

/** The files of the reports; none is required. */
export interface ReportFiles {
  readonly jsonl?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly markdown?: string;
  readonly badge?: string;
}

const RENDERERS: Readonly<
  Record<keyof ReportFiles, (records: readonly ResultRecord[]) => string | undefined>
> = {
  jsonl: renderJsonLines,
  junit: renderJunit,
  html: renderHtml,
  markdown: renderMarkdown,
  badge: renderBadge,
};

/**
 * Writes the requested reports, and creates folders as needed. Returns the paths of badges that were not
 * written for a filtered run.
 */
export const writeReports = async (
  records: readonly ResultRecord[],
  files: ReportFiles,
): Promise<readonly string[]> => {
  const leftOut: string[] = [];
  for (const [name, render] of Object.entries(RENDERERS)) {
    const path = files[name as keyof ReportFiles];
    const text = path === undefined ? undefined : render(records);
    if (path === undefined) continue;
    if (text === undefined) {
      leftOut.push(path);
      continue;
    }
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  return leftOut;
};
