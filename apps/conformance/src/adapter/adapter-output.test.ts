import { expect, it } from 'vitest';
import { Masker } from '../core/masker.ts';
import { AdapterOutput, findLeak } from './adapter-output.ts';

const SECRET = 'a secret of this run';
const SIGNATURE = '0123456789abcdef'.repeat(4);

const masker = new Masker();
masker.addSecret(SECRET);
masker.addSignature(SIGNATURE);

const leakIn = (write: (output: AdapterOutput) => void) => {
  const output = new AdapterOutput();
  write(output);
  return findLeak({ output, masker, unsigned: ['stderr'] });
};

it('finds nothing in output without secrets', () => {
  expect(leakIn((output) => output.addStderr('a secret of another run\n'))).toBeUndefined();
});

it('reports the line, the stream and the case', () => {
  const leak = leakIn((output) => {
    output.addStderr('started\n');
    output.begin('case-one');
    output.addStderr('one\n');
    output.begin('case-two');
    output.addStderr(`using ${SECRET}, `);
    output.addStderr('twice\nmore\n');
    output.begin('case-three');
  });
  expect(leak).toEqual({
    what: 'secret',
    stream: 'standard error',
    line: 3,
    text: 'using [secret], twice',
    caseId: 'case-two',
  });
});

it('finds a secret on standard output and before the first case', () => {
  const leak = leakIn((output) => output.addStdout(`{"key":"${SECRET}"}`));
  expect(leak).toMatchObject({ stream: 'standard output', line: 1, text: '{"key":"[secret]"}' });
  expect(leak?.caseId).toBeUndefined();
});

it('finds a signature only in the streams without responses', () => {
  expect(leakIn((output) => output.addStdout(`["X-CPG-Signature","${SIGNATURE}"]`))).toBeUndefined();
  expect(leakIn((output) => output.addStderr(`sent ${SIGNATURE}`))).toMatchObject({
    what: 'valid signature',
    text: 'sent 01234567...[masked]',
  });
});
