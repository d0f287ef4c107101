'use client';
/** Has the session's token exchanged, once somebody looks at a page: a page that is being drawn cannot set a cookie. */
import { useEffect } from 'react';
import { renewSession } from '../lib/actions.ts';

export function RenewSession() {
  useEffect(() => void renewSession(), []);
  return null;
}
