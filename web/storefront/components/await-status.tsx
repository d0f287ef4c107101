'use client';
/** Looks again, less and less often, until the page it stands on says that the order is settled. */
import { useRouter } from 'next/navigation';
import { useEffect } from 'react';

export function AwaitStatus() {
  const router = useRouter();
  useEffect(() => {
    let wait = 400;
    let timer: ReturnType<typeof setTimeout>;
    function look(): void {
      if (document.visibilityState === 'visible') router.refresh();
      wait = Math.min(wait * 1.4, 8_000);
      timer = setTimeout(look, wait);
    }
    timer = setTimeout(look, wait);
    return () => clearTimeout(timer);
  }, [router]);
  return null;
}
