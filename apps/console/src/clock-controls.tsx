import { Popover } from '@base-ui/react/popover';
import { type FormEvent, useState } from 'react';
import { useChange } from './client.ts';
import { Button, Field } from './components/controls.tsx';
import { formatTime } from './format.ts';
import { useClock } from './live.ts';

const MINUTE = 60;
const STEPS = [
  ['1 min', MINUTE],
  ['5 min', 5 * MINUTE],
  ['1 h', 60 * MINUTE],
  ['1 day', 1_440 * MINUTE],
] as const;

/** What the clock can do; the command palette offers the same. */
export const useTimeControls = () => {
  const { now, frozen } = useClock();
  const change = useChange();
  const set = (seconds: number | null, done: string) =>
    change.mutate({ method: 'PUT', path: '/clock', body: { now: seconds }, done });
  const seconds = Math.floor(now / 1000);
  return {
    freeze: () => set(seconds, 'The clock is frozen.'),
    forward: (by: number, name: string) => set(seconds + by, `The clock is ${name} further, and frozen.`),
    release: () => set(null, 'The clock runs in real time.'),
    mine: (network: string, blocks: number) =>
      change.mutate({
        path: '/blocks',
        body: { network, blocks },
        done: `${blocks} block(s) mined on ${network}.`,
      }),
    now,
    frozen,
  };
};

interface Network {
  readonly network: string;
  readonly height: number;
}

/** The clock of the gateway, always in view, and the controls of time and blocks. */
export const ClockControls = ({ networks }: { readonly networks: readonly Network[] }) => {
  const { now, frozen, freeze, forward, release, mine } = useTimeControls();
  const [network, setNetwork] = useState('');
  const send = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const blocks = Number(new FormData(event.currentTarget).get('blocks'));
    mine(network || (networks[0]?.network ?? ''), blocks);
  };
  return (
    <div className="clock">
      <Popover.Root>
        <Popover.Trigger className="clock-button">
          <span className="visually-hidden">Clock of the gateway and time controls:</span>
          <time className="mono">{formatTime(now)}</time>
          <span className={`badge ${frozen ? 'wait' : 'good'}`}>{frozen ? 'frozen' : 'running'}</span>
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Positioner sideOffset={8} align="start" className="layer">
            <Popover.Popup className="popover">
              <Popover.Title className="popover-title">Time</Popover.Title>
              <Popover.Description className="hint">
                Everything the gateway does follows this clock: signatures, retries of webhooks,
                confirmations.
              </Popover.Description>
              <div className="row">
                {STEPS.map(([name, by]) => (
                  <Button key={name} onClick={() => forward(by, name)}>
                    + {name}
                  </Button>
                ))}
              </div>
              <form className="row" onSubmit={send}>
                <Field label="Mine blocks">
                  {(attributes) => (
                    <input {...attributes} name="blocks" type="number" min={1} defaultValue={12} required />
                  )}
                </Field>
                <Field label="Network">
                  {(attributes) => (
                    <select
                      {...attributes}
                      value={network}
                      onChange={(event) => setNetwork(event.currentTarget.value)}
                    >
                      {networks.map(({ network: name, height }) => (
                        <option key={name} value={name}>
                          {name} at {height}
                        </option>
                      ))}
                    </select>
                  )}
                </Field>
                <Button type="submit">Mine</Button>
              </form>
            </Popover.Popup>
          </Popover.Positioner>
        </Popover.Portal>
      </Popover.Root>
      {frozen ? <Button onClick={release}>Run</Button> : <Button onClick={freeze}>Freeze</Button>}
      <Button className="wide-only" onClick={() => forward(MINUTE, '1 min')}>
        + 1 min
      </Button>
    </div>
  );
};
