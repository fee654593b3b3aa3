import { useVirtualizer } from '@tanstack/react-virtual';
import { useDeferredValue, useMemo, useRef, useState } from 'react';
import { Link, useLocation, useRoute } from 'wouter';
import type { LoggedRequest } from '../../api.ts';
import { Badge, StatusCode } from '../../components/badge.tsx';
import { Button, Select } from '../../components/controls.tsx';
import { Empty, PageTitle } from '../../components/page.tsx';
import { formatClock, formatCount, formatMs } from '../../format.ts';
import { useRequests } from '../../live.ts';
import { RequestView } from './request-view.tsx';

const ROW_HEIGHT = 38;

const DECISIONS = {
  all: () => true,
  served: ({ outcome }: LoggedRequest) => outcome === 'served',
  rejected: ({ outcome }: LoggedRequest) => outcome !== 'served',
  'bad signature': ({ outcome }: LoggedRequest) => outcome === 'invalid_signature',
} as const;

type Decision = keyof typeof DECISIONS;

/** Whether every word of the search is part of the line. */
const matches = (words: readonly string[], request: LoggedRequest): boolean => {
  const { id, method, path, route, status, outcome, key_id, client_ip } = request;
  const line = [id, method, path, route, status, outcome, outcome.replaceAll('_', ' '), key_id, client_ip]
    .join(' ')
    .toLowerCase();
  return words.every((word) => line.includes(word));
};

const Row = ({ request, isOpen }: { readonly request: LoggedRequest; readonly isOpen: boolean }) => (
  <Link href={`/requests/${request.id}`} className="log-row" aria-current={isOpen ? 'true' : undefined}>
    <span className="mono hint">{formatClock(request.at)}</span>
    <span className="mono log-path">
      <strong>{request.method}</strong> {request.path}
    </span>
    <StatusCode status={request.status} />
    <Badge>{request.outcome}</Badge>
    <span className="mono hint log-key">{request.key_id ?? 'no key'}</span>
    <span className="hint log-checks">{formatCount(request.passed.length, 'check')} passed</span>
    <span className="amount hint">{formatMs(request.ms)}</span>
  </Link>
);

/** The log: only the rows in view are in the page. */
const Log = ({
  rows,
  openId,
}: {
  readonly rows: readonly LoggedRequest[];
  readonly openId: number | null;
}) => {
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    getItemKey: (index) => rows[index]?.id ?? index,
    overscan: 12,
  });
  return (
    <div
      className="log"
      ref={scroller}
      data-testid="log"
      style={{ height: `min(70vh, ${virtualizer.getTotalSize() + 1}px)` }}
    >
      <ul style={{ height: virtualizer.getTotalSize() }} aria-label="Requests, newest first">
        {virtualizer.getVirtualItems().map(({ key, index, start }) => {
          const request = rows[index];
          return request === undefined ? null : (
            <li key={key} style={{ transform: `translateY(${start}px)` }}>
              <Row request={request} isOpen={request.id === openId} />
            </li>
          );
        })}
      </ul>
    </div>
  );
};

const FIRST_REQUEST = `curl http://127.0.0.1:8787/v1/_ping`;

/** The live log of the requests to the API, and one request opened beside it. */
export default function RequestsPage() {
  const live = useRequests();
  const [paused, setPaused] = useState<readonly LoggedRequest[] | null>(null);
  const requests = paused ?? live;
  const [search, setSearch] = useState('');
  const [decision, setDecision] = useState<Decision>('all');
  const words = useDeferredValue(search).toLowerCase().split(/\s+/).filter(Boolean);
  const wordsKey = words.join(' ');
  const rows = useMemo(
    () => requests.filter((request) => DECISIONS[decision](request) && matches(wordsKey.split(' '), request)),
    [requests, decision, wordsKey],
  );
  const [, params] = useRoute<{ id: string }>('/requests/:id');
  const openId = params === null ? null : Number(params.id);
  const [, open] = useLocation();
  return (
    <>
      <PageTitle title="Requests">
        <input
          type="search"
          aria-label="Search the requests"
          placeholder="Search path, key, status, decision…"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          className="search"
        />
        <Select
          label="Decision"
          values={Object.keys(DECISIONS) as Decision[]}
          value={decision}
          onChange={setDecision}
        />
        <Button onClick={() => setPaused(paused === null ? live : null)} aria-pressed={paused !== null}>
          {paused === null ? 'Pause' : `Resume (${live.length - paused.length} new)`}
        </Button>
      </PageTitle>
      <div className={openId === null ? '' : 'split'}>
        <section className="card" aria-label="Log">
          <p className="log-count hint" role="status">
            {rows.length === requests.length
              ? formatCount(rows.length, 'request')
              : `${rows.length.toLocaleString('en')} of ${formatCount(requests.length, 'request')}`}
          </p>
          {rows.length > 0 ? <Log rows={rows} openId={openId} /> : null}
          {rows.length === 0 && requests.length > 0 ? (
            <Empty title="No request matches.">
              <Button
                onClick={() => {
                  setSearch('');
                  setDecision('all');
                }}
              >
                Show all
              </Button>
            </Empty>
          ) : null}
          {requests.length === 0 ? (
            <Empty title="No request yet.">
              <p>Send one to the API: it appears here at once, also when it is rejected. For example:</p>
              <code>{FIRST_REQUEST}</code>
            </Empty>
          ) : null}
        </section>
        {openId === null ? null : <RequestView id={openId} onClose={() => open('/requests')} />}
      </div>
    </>
  );
}
