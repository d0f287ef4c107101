/** A link inside the shop. Pages are rendered in milliseconds, so nothing is fetched before it is asked for. */
import NextLink from 'next/link';
import type { ComponentProps } from 'react';

export function Link(props: ComponentProps<typeof NextLink>) {
  return <NextLink prefetch={false} {...props} />;
}
