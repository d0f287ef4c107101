'use client';
/** The processor's card fields, in a frame of its own origin; when it says the card is charged, the order page follows. */
import { useRouter } from 'next/navigation';
import { useEffect, useRef, useState } from 'react';

export interface CardFrameProps {
  readonly src: string;
  /** Only messages from here are heard. */
  readonly origin: string;
  readonly title: string;
  readonly loading: string;
  readonly next: string;
}

const PAID = new Set(['requires_capture', 'succeeded', 'processing']);

export function CardFrame({ src, origin, title, loading, next }: CardFrameProps) {
  const frame = useRef<HTMLIFrameElement>(null);
  const [ready, setReady] = useState(false);
  const router = useRouter();
  useEffect(() => {
    function hear({ origin: from, source, data }: MessageEvent<unknown>): void {
      if (
        from !== origin ||
        source !== frame.current?.contentWindow ||
        typeof data !== 'object' ||
        data === null
      )
        return;
      const message: { source?: unknown; type?: unknown; height?: unknown; status?: unknown } = data;
      if (message.source !== 'shopmind-payments') return;
      if (typeof message.height === 'number' && frame.current !== null) {
        frame.current.style.height = `${Math.min(Math.max(message.height, 120), 1200)}px`;
        setReady(true);
      }
      if (message.type === 'result' && typeof message.status === 'string' && PAID.has(message.status))
        router.replace(next);
    }
    window.addEventListener('message', hear);
    // The frame stands in the page before this script runs, and may have said all it had to say to nobody. While it still
    // loads it has no origin to name; the greeting is no secret.
    frame.current?.contentWindow?.postMessage({ type: 'hello' }, '*');
    return () => window.removeEventListener('message', hear);
  }, [origin, next, router]);
  return (
    <div className="relative [@media(scripting:none)]:hidden">
      {ready ? null : (
        <p role="status" className="absolute inset-0 grid place-items-center text-sm text-muted">
          {loading}
        </p>
      )}
      <iframe ref={frame} title={title} src={src} allow="payment" className="h-80 w-full" />
    </div>
  );
}
