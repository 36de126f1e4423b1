/** What the console takes from the machine it runs on: time and fresh keys. Nothing else here asks for them. */

export function now_ms(): number {
  return Date.now();
}

/** An Idempotency-Key: one per intent of a person, kept while that intent is tried again. */
export function fresh_key(): string {
  return crypto.randomUUID();
}

export function every(milliseconds: number, deed: () => void): () => void {
  const timer = setInterval(deed, milliseconds);
  return () => clearInterval(timer);
}

export function after(milliseconds: number, deed: () => void): () => void {
  const timer = setTimeout(deed, milliseconds);
  return () => clearTimeout(timer);
}
