/**
 * Roles that every shop has. A scope is `<domain>:read` or `<domain>:write`, as API keys have them; `*` stands for each domain, or for
 * whatever may be done with it, that which is for people alone included.
 */

export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
}

/** Who has it may do everything, and there is always somebody who has. */
export const OWNER = 'owner';

export const PRESETS: readonly Preset[] = [
  { id: OWNER, name: 'Owner', scopes: ['*:*'] },
  {
    id: 'orders',
    name: 'Orders',
    scopes: ['orders:read', 'orders:write', 'accounts:read', 'catalog:read'],
  },
  {
    id: 'catalogue',
    name: 'Catalogue',
    scopes: ['catalog:read', 'catalog:write', 'media:read', 'media:write'],
  },
  {
    id: 'marketing',
    name: 'Marketing',
    scopes: [
      'marketing:read',
      'marketing:write',
      'analytics:read',
      'catalog:read',
      'media:read',
      'media:write',
    ],
  },
  {
    id: 'support',
    name: 'Support',
    scopes: ['chat:read', 'chat:write', 'orders:read', 'accounts:read', 'catalog:read', 'notifications:read'],
  },
  { id: 'viewer', name: 'Read only', scopes: ['*:read'] },
];

export function presetNamed(id: string): Preset | undefined {
  return PRESETS.find((preset) => preset.id === id);
}
