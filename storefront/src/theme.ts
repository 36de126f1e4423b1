/** Light or dark: as the system says, until somebody chooses. The colors themselves: style/tokens.css. */
export type Theme = 'light' | 'dark';
const name = 'shop.theme';
const system_is_dark = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return system_is_dark.matches ? 'dark' : 'light';
}

/** Calls `changed` when the system turns from light to dark or back. */
export function on_system_theme(changed: () => void): () => void {
  system_is_dark.addEventListener('change', changed);
  return () => system_is_dark.removeEventListener('change', changed);
}

export function other_theme(one: Theme): Theme {
  return one === 'dark' ? 'light' : 'dark';
}

export function set_theme(chosen: Theme): void {
  document.documentElement.dataset['theme'] = chosen;
  try {
    localStorage.setItem(name, chosen);
  } catch {
    // It holds until the page is left.
  }
}

/** Before anything is drawn. */
export function recall_theme(): void {
  try {
    const chosen = localStorage.getItem(name);
    if (chosen === 'light' || chosen === 'dark') set_theme(chosen);
  } catch {
    // The system's it is.
  }
}
