import { useLocation, useRoute } from 'wouter';
import { PageTitle, Subpages } from '../../components/page.tsx';
import { Deliveries } from './deliveries.tsx';
import { Endpoints } from './endpoints.tsx';
import { ReceiverPanel } from './receiver.tsx';

const SUBPAGES = [
  { path: '/webhooks', name: 'Endpoints' },
  { path: '/webhooks/deliveries', name: 'Delivery log' },
  { path: '/webhooks/receiver', name: 'Receiver' },
];

/** Endpoints, their deliveries, and a receiver. */
export default function WebhooksPage() {
  const [location] = useLocation();
  const shown = SUBPAGES.find(({ path }) =>
    path === '/webhooks' ? location === path : location.startsWith(path),
  );
  const [, params] = useRoute<{ id: string }>('/webhooks/deliveries/:id');
  return (
    <>
      <PageTitle title="Webhooks" />
      <Subpages label="Webhooks" subpages={SUBPAGES} current={shown?.path} />
      {location === '/webhooks' ? <Endpoints /> : null}
      {location.startsWith('/webhooks/deliveries') ? <Deliveries openId={params?.id} /> : null}
      {location === '/webhooks/receiver' ? <ReceiverPanel /> : null}
    </>
  );
}
