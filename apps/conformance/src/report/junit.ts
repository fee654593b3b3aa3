import type { CaseRecord, ResultRecord } from '../core/record.ts';
import { tally } from '../core/tally.ts';
import { diffLines } from './diff-lines.ts';
import { oneLine, outline, type Section } from './outline.ts';
import { escapeMarkup } from './visible.ts';

const element = (name: string, message: string, body = ''): string =>
  `<${name} message="${escapeMarkup(message)}">${escapeMarkup(body)}</${name}>`;

const outcome = (record: CaseRecord): string => {
  const { verdict, reason = '', diff, spec, repeat } = record;
  const again = repeat === undefined ? [] : [`repeat    ${repeat}`];
  const lines = diff === undefined ? [] : [`spec      wire protocol ${spec}`, ...diffLines(diff), ...again];
  const body = lines.join('\n');
  switch (verdict) {
    case 'fail':
      return element('failure', oneLine(record), body);
    case 'xpass':
      return `<failure type="stale" message="${escapeMarkup(reason)}"/>`;
    case 'xfail':
      return element('skipped', `xfail: ${reason}`);
    case 'notapplicable':
      return element('skipped', `not applicable: ${reason}`);
    case 'error':
      return element('error', reason);
    case 'warn':
      return `<properties><property name="warning" value="${escapeMarkup(oneLine(record))}"/></properties>`;
    case 'pass':
      return '';
  }
};

const testCase = (record: CaseRecord): string => {
  const { id, group, layer, durationMs } = record;
  return `    <testcase name="${escapeMarkup(id)}" classname="${escapeMarkup(`${layer}.${group}`)}" time="${(durationMs / 1000).toFixed(3)}">${outcome(record)}</testcase>`;
};

const missing = ({ about, cases }: Section): readonly string[] =>
  cases.length === about.planned
    ? []
    : [
        `    <testcase name="complete" classname="${about.layer}"><error message="${about.planned - cases.length} planned cases have no verdict"/></testcase>`,
      ];

const testSuite = (section: Section): string => {
  const { about, cases } = section;
  const { counts } = tally([about, ...cases]);
  const failures = counts.fail + counts.xpass;
  const skipped = counts.xfail + counts.notapplicable;
  const errors = counts.error + missing(section).length;
  const tests = cases.length + missing(section).length;
  const name = escapeMarkup(`${about.layer}: ${about.implementation}`);
  return [
    `  <testsuite name="${name}" tests="${tests}" failures="${failures}" errors="${errors}" skipped="${skipped}">`,
    ...cases.map(testCase),
    ...missing(section),
    '  </testsuite>',
  ].join('\n');
};

const staleEntries = (records: readonly ResultRecord[]): readonly string[] => {
  const entries = records.flatMap((record) => (record.type === 'expectation' ? [record.entry] : []));
  if (entries.length === 0) return [];
  const cases = entries.map(
    (entry) =>
      `    <testcase name="${escapeMarkup(entry)}" classname="known-failures"><failure type="stale" message="matches no case"/></testcase>`,
  );
  return [
    `  <testsuite name="known failures" tests="${entries.length}" failures="${entries.length}" errors="0" skipped="0">`,
    ...cases,
    '  </testsuite>',
  ];
};

/**
 * JUnit XML: known failures are skipped with their reason, stale ones fail, cases without a verdict are
 * errors.
 */
export const renderJunit = (records: readonly ResultRecord[]): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites name="cpg-conformance">',
    ...outline(records).map(testSuite),
    ...staleEntries(records),
    '</testsuites>',
    '',
  ].join('\n');
