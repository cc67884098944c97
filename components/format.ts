/** How quantities are written, the same on the server and in the browser: no locale of either is asked. */

const GROUPS = /\B(?=(\d{3})+(?!\d))/g;

/** 1204 → `1,204` */
export function formatCount(count: number): string {
  return String(Math.trunc(count)).replace(GROUPS, ",");
}

/** Seconds, for a person: `0.1 s`, `18 s`, `2 min 5 s`, `1 h 3 min`, `12 days`. */
export function formatDuration(seconds: number): string {
  const positive = Math.max(0, seconds);
  if (positive < 9.95) return `${positive.toFixed(1)} s`;
  const whole = Math.round(positive);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole < 172_800) return joined(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
  return `${Math.floor(whole / 86_400)} days`;
}

/** As `formatDuration`, in whole seconds: for a clock that ticks. */
export function formatElapsed(seconds: number): string {
  return seconds < 10 ? `${Math.max(0, Math.floor(seconds))} s` : formatDuration(Math.floor(seconds));
}

function joined(high: number, highUnit: string, low: number, lowUnit: string): string {
  return low === 0 ? `${high} ${highUnit}` : `${high} ${highUnit} ${low} ${lowUnit}`;
}

/** MiB: `512 MiB`, `8 GiB`, `1.5 GiB`, `2 TiB`. */
export function formatMib(mib: number): string {
  if (mib < 1024) return `${Math.round(mib)} MiB`;
  if (mib < 1024 * 1024) return `${trimmed(mib / 1024)} GiB`;
  return `${trimmed(mib / (1024 * 1024))} TiB`;
}

/** Bytes: `14 kB` is never written; sizes of files are in powers of two as disks are. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${trimmed(bytes / 1024)} KiB`;
  return formatMib(bytes / (1024 * 1024));
}

function trimmed(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0).replace(/\.0$/, "");
}

/** `62 %`, whole, and never 100 before the end is said. */
export function formatPercent(percent: number): string {
  return `${Math.floor(Math.min(100, Math.max(0, percent)))} %`;
}

/** `91ac03…04f2`: enough to recognise; the whole stands beside it to be copied. */
export function shortDigest(digest: string): string {
  return digest.length <= 14 ? digest : `${digest.slice(0, 8)}…${digest.slice(-4)}`;
}

/** `21 s ago`, `in 5 min`; `now` within two seconds. Milliseconds since the epoch. */
export function formatAgo(at: number, now: number): string {
  const seconds = (now - at) / 1000;
  if (Math.abs(seconds) < 2) return "now";
  const text = coarse(Math.abs(seconds));
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function coarse(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** `2026-11-20 05:04:01 UTC` */
export function formatExact(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

/** `05:04:01.220`, UTC, as the node said it. */
export function formatClock(iso: string): string {
  return iso.slice(11, 23).replace("Z", "");
}

/** Seconds from one time to another. */
export function secondsBetween(from: string, to: string | number): number {
  const end = typeof to === "number" ? to : Date.parse(to);
  return (end - Date.parse(from)) / 1000;
}

/** `one`, or `3 instances`. */
export function plural(count: number, one: string, many: string): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}
