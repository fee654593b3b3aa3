const INTERVAL_MS = 1000;
const GOOD = ['confirmed', 'delivered', 'authenticated'];
const WAITING = ['pending', 'broadcasted', 'detected'];

const byId = (id) => document.getElementById(id);
const notice = (text) => {
  byId('notice').textContent = text;
};

/** Creates an element from a text or children. Text is never parsed as HTML. */
const element = (name, content = [], properties = {}) => {
  const created = Object.assign(document.createElement(name), properties);
  created.append(...[content].flat());
  return created;
};
const cell = (content, className = '') => element('td', content, { className });
const row = (...cells) => element('tr', cells);
const badge = (status) =>
  element('span', status, {
    className: GOOD.includes(status) ? 'good' : WAITING.includes(status) ? 'wait' : 'bad',
  });

const call = async (method, path, body) => {
  const response = await fetch(`/_sandbox${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const envelope = await response.json();
  if (!envelope.success) throw new Error(envelope.message);
  return envelope.data;
};

const act = async (text, work) => {
  try {
    await work();
    notice(text);
    await refresh();
  } catch (error) {
    notice(`Failed: ${error.message}`);
  }
};

/** A button that keeps the focus when its row is redrawn. */
const button = (text, key, work) => {
  const created = element('button', text, { type: 'button', onclick: () => act(`${text}: done.`, work) });
  created.dataset.key = key;
  created.setAttribute('aria-label', `${text} ${key.split(':')[0]}`);
  return created;
};

const settleButtons = ({ id, status }) =>
  WAITING.includes(status)
    ? [
        button('Confirm', `withdrawal ${id}:confirm`, () => call('POST', `/withdrawals/${id}/confirm`)),
        ' ',
        button('Fail', `withdrawal ${id}:fail`, () => call('POST', `/withdrawals/${id}/fail`)),
      ]
    : [];

const createRow = {
  balances: ({ currency, network, balance, held, available }) =>
    row(
      cell(currency),
      cell(network),
      cell(balance, 'amount'),
      cell(held, 'amount'),
      cell(available, 'amount'),
    ),
  withdrawals: (withdrawal) =>
    row(
      cell(String(withdrawal.id)),
      cell(`${withdrawal.amount} ${withdrawal.currency}`, 'amount'),
      cell(withdrawal.to_address, 'address'),
      cell([badge(withdrawal.status), withdrawal.error_message ? ` ${withdrawal.error_message}` : '']),
      cell(settleButtons(withdrawal)),
    ),
  transactions: ({ id, direction, amount_decimal, currency, status, confirmations }) =>
    row(
      cell(String(id)),
      cell(direction),
      cell(`${amount_decimal} ${currency}`, 'amount'),
      cell(badge(status)),
      cell(String(confirmations), 'amount'),
    ),
  deliveries: ({ id, event, event_id, url, status, attempts, response_status, error }) =>
    row(
      cell(`${event} (${event_id})`),
      cell(url, 'address'),
      cell(badge(status)),
      cell(String(attempts), 'amount'),
      cell(String(response_status ?? error ?? '')),
      cell(
        status === 'delivered'
          ? []
          : button('Requeue', `event ${event_id}:${id}`, () => call('POST', `/deliveries/${id}/requeue`)),
      ),
    ),
  decisions: ({ at, method, path, keyId, outcome, passed, explanation }) =>
    row(
      cell(at.slice(11, 19)),
      cell(element('code', `${method} ${path}`)),
      cell(keyId ?? ''),
      cell([
        badge(outcome),
        explanation === null ? '' : element('span', explanation, { className: 'explanation' }),
      ]),
      cell(passed.map(({ check }) => check).join(', ')),
    ),
};

const drawn = {};

const draw = (name, rows) => {
  const text = JSON.stringify(rows);
  if (drawn[name] === text) return;
  drawn[name] = text;
  const focused = document.activeElement?.dataset?.key;
  const nothing = row(Object.assign(cell('Nothing yet.'), { colSpan: 9 }));
  byId(name).replaceChildren(...(rows.length === 0 ? [nothing] : rows.map(createRow[name])));
  if (focused) document.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
};

const drawCurrencies = (balances) => {
  const select = document.querySelector('select[name=currency]');
  if (select.options.length > 0) return;
  for (const { currency, network } of balances) {
    select.append(element('option', `${currency} on ${network}`, { value: `${currency}/${network}` }));
  }
};

const refresh = async () => {
  const { clock, api_url, ...lists } = await call('GET', '/state');
  byId('reference').href = `${api_url}/docs`;
  byId('clock').textContent = `Clock: ${clock.now}${clock.frozen ? ' (frozen)' : ''}.`;
  drawCurrencies(lists.balances);
  for (const [name, rows] of Object.entries(lists)) draw(name, rows);
};

byId('payment').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = new FormData(event.target);
  const [currency, network] = form.get('currency').split('/');
  const amount = form.get('amount');
  act(`A deposit of ${amount} ${currency} is pending.`, () =>
    call('POST', '/payments', { currency, network, amount }),
  );
});

for (;;) {
  await refresh().catch(() => notice('The gateway does not respond.'));
  await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
}
