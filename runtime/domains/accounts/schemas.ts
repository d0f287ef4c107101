/** What enters and leaves the domain, under the names that the API has for it. */
export * from './apps/definition.ts';
export * from './companies/definition.ts';
export * from './customers/definition.ts';
export * from './passkeys/definition.ts';
export * from './shapes.ts';
export * from './signed-in/definition.ts';
export * from './staff/definition.ts';
