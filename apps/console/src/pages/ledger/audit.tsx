import { useState } from 'react';
import type { AuditResult } from '../../api.ts';
import { type CallError, call } from '../../client.ts';
import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/controls.tsx';
import { Problem, Section } from '../../components/page.tsx';

/** Runs the audit of the ledger and shows its results. */
export const Audit = () => {
  const [state, setState] = useState<{ results?: readonly AuditResult[]; error?: CallError }>({});
  const run = () =>
    call<readonly AuditResult[]>('GET', '/audit').then(
      (results) => setState({ results }),
      (error: CallError) => setState({ error }),
    );
  const { results, error } = state;
  return (
    <Section
      title="Audit"
      hint="Checks the laws of the ledger in one snapshot."
      actions={<Button onClick={run}>Run the audit</Button>}
    >
      {error === undefined ? null : <Problem error={error} />}
      {results === undefined ? null : (
        <ul className="audit">
          {results.map(({ law, violations }) => (
            <li key={law}>
              <Badge tone={violations.length === 0 ? 'good' : 'bad'}>
                {violations.length === 0 ? 'holds' : `${violations.length} violations`}
              </Badge>{' '}
              {law}
              {violations.map((violation) => (
                <p key={violation} className="mono">
                  {violation}
                </p>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
};
