'use client';
/** The few words an error page needs: it is drawn in the browser, where the dictionary is not. */
import { createContext, use } from 'react';
import type { ReactNode } from 'react';

export interface ErrorWords {
  readonly title: string;
  readonly text: string;
  readonly retry: string;
  readonly home: string;
}

const Context = createContext<ErrorWords>({
  title: 'Something went wrong',
  text: 'Please try again in a moment.',
  retry: 'Try again',
  home: 'To the home page',
});

export function ErrorWordsProvider({
  words,
  children,
}: {
  readonly words: ErrorWords;
  readonly children: ReactNode;
}) {
  return <Context value={words}>{children}</Context>;
}

export const useErrorWords = (): ErrorWords => use(Context);
