/** Apps that a customer signs in to with their account here, and how they do so no more. */
import type { Answer } from '../../api-client/client.ts';
import { disconnectApp } from '../lib/app-actions.ts';
import type { Shop } from '../lib/shop.ts';
import { Connections } from './connections.tsx';

export function ConnectedApps({
  words: { connect: text },
  apps,
}: {
  readonly words: Shop['words'];
  readonly apps: Answer<'accounts.listMyApps'>['apps'];
}) {
  return (
    <Connections
      id="apps"
      title={text.apps}
      text={text.appsText}
      connections={apps.map(({ id, name, scopes }) => ({
        id,
        name,
        says: scopes.map((scope) => text.scopes[scope]).join(' · '),
        end: text.disconnect(name),
      }))}
      action={disconnectApp}
      field="app"
    />
  );
}
