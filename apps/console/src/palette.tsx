import { Autocomplete } from '@base-ui/react/autocomplete';
import { Dialog } from '@base-ui/react/dialog';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { useChange } from './client.ts';
import { useTimeControls } from './clock-controls.tsx';
import { PAGES } from './pages.ts';
import { applyTheme, THEMES } from './theme.ts';

interface Command {
  readonly name: string;
  readonly keys?: string;
  readonly run: () => void;
}

const useCommands = (): readonly Command[] => {
  const [, open] = useLocation();
  const { freeze, forward, release } = useTimeControls();
  const change = useChange();
  return [
    ...PAGES.map(({ path, title, key }) => ({
      name: `Go to ${title}`,
      keys: `G ${key.toUpperCase()}`,
      run: () => open(path),
    })),
    { name: 'Clock: freeze', run: freeze },
    { name: 'Clock: forward 1 minute', run: () => forward(60, '1 min') },
    { name: 'Clock: forward 1 hour', run: () => forward(3_600, '1 h') },
    { name: 'Clock: forward 1 day', run: () => forward(86_400, '1 day') },
    { name: 'Clock: run in real time', run: release },
    ...THEMES.map((theme) => ({ name: `Theme: ${theme}`, run: () => applyTheme(theme) })),
    {
      name: 'Sandbox: reset to the demo data',
      run: () => change.mutate({ path: '/reset', done: 'The demo data is restored.' }),
    },
  ];
};

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** All commands, by keyboard: Ctrl K or ⌘ K. */
export const Palette = () => {
  const [isOpen, setOpen] = useState(false);
  const commands = useCommands();
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(isMac ? event.metaKey : event.ctrlKey)) return;
      event.preventDefault();
      setOpen((open) => !open);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
  const run = (command: Command) => {
    setOpen(false);
    command.run();
  };
  return (
    <Dialog.Root open={isOpen} onOpenChange={setOpen}>
      <Dialog.Trigger className="button quiet palette-button">
        <span className="palette-name">Commands</span>
        <kbd>{isMac ? '⌘' : 'Ctrl'} K</kbd>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="dialog palette">
          <Dialog.Title className="visually-hidden">Commands</Dialog.Title>
          <Autocomplete.Root
            inline
            open
            items={commands}
            itemToStringValue={({ name }) => name}
            autoHighlight="always"
            keepHighlight
          >
            <Autocomplete.Input placeholder="Type a command" aria-label="Command" className="palette-input" />
            <Autocomplete.Empty>
              <p className="palette-empty">No command has this name.</p>
            </Autocomplete.Empty>
            <Autocomplete.List className="palette-list">
              {(command: Command) => (
                <Autocomplete.Item
                  key={command.name}
                  value={command}
                  className="palette-item"
                  onClick={() => run(command)}
                >
                  <span>{command.name}</span>
                  {command.keys === undefined ? null : <kbd>{command.keys}</kbd>}
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Root>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
};
