import { expect, it } from 'vitest';
import { partArguments } from './part-arguments.ts';

it.each<[given: string, run: string, report: string]>([
  ['', '', ''],
  ['--run server-race-* --html out.html', '--run server-race-*', '--html out.html'],
  ['--junit=a.xml --seed 7 --badge b.json', '--seed 7', '--junit=a.xml --badge b.json'],
  ['--strict --trace --jsonl x', '--strict --trace', '--strict --jsonl x'],
  ['--run html --markdown m.md', '--run html', '--markdown m.md'],
  ['--html', '', '--html'],
])('parts "%s"', (given, run, report) => {
  const words = (text: string) => text.split(' ').filter((word) => word !== '');
  expect(partArguments(words(given))).toEqual({ run: words(run), report: words(report) });
});
