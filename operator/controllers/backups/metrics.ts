/**
 * The archive and its drills in figures, for alerts: what would be lost now, and what the last drill found.
 */
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { ArchiveMetrics } from './keep.ts';

export function createArchiveMetrics(registry: Registry): ArchiveMetrics {
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers: [registry] });
  const ok = gauge('shopmind_archive_ok', '1 while the archive keeps its promise.');
  const loss = gauge('shopmind_archive_loss_seconds', 'What would be lost if the database were gone now.');
  const proven = gauge('shopmind_drill_ok', '1 when the last restore drill succeeded.');
  const at = gauge('shopmind_drill_timestamp_seconds', 'When the last restore drill ended.');
  const rpo = gauge('shopmind_drill_rpo_seconds', 'What would have been lost when the last drill began.');
  const rto = gauge('shopmind_drill_rto_seconds', 'How long the last drill took to have the rows back.');
  return {
    archive({ lossSeconds, ok: isOk, drill }) {
      ok.set(isOk ? 1 : 0);
      if (lossSeconds !== undefined) loss.set(lossSeconds);
      if (drill === undefined) return;
      proven.set(drill.ok ? 1 : 0);
      at.set(drill.at.getTime() / 1000);
      if (drill.rpoSeconds !== undefined) rpo.set(drill.rpoSeconds);
      if (drill.rtoSeconds !== undefined) rto.set(drill.rtoSeconds);
    },
  };
}
