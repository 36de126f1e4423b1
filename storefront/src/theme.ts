/** Light or dark: as the system says, until somebody chooses. The colors themselves: style/tokens.css. */
export type Theme = 'light' | 'dark';
const name = 'shop.theme';

export function theme(): Theme {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
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
