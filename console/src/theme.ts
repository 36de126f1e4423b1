/** Dark or light: the system's wish, until the person says otherwise on this device. */
import { useEffect, useState } from 'react';

type Theme = 'dark' | 'light';
const kept_as = 'cartwright.theme';

function kept(): Theme | null {
  const value = localStorage.getItem(kept_as);
  return value === 'dark' || value === 'light' ? value : null;
}

/** Before the first paint, so that nothing flashes. */
export function apply_theme(): void {
  const theme = kept();
  if (theme !== null) document.documentElement.dataset['theme'] = theme;
}

export function useTheme(): readonly [Theme, () => void] {
  const scheme = window.matchMedia('(prefers-color-scheme: dark)');
  const [system, set_system] = useState<Theme>(scheme.matches ? 'dark' : 'light');
  const [chosen, set_chosen] = useState<Theme | null>(kept);
  useEffect(() => {
    const query = window.matchMedia('(prefers-color-scheme: dark)');
    const changed = () => set_system(query.matches ? 'dark' : 'light');
    query.addEventListener('change', changed);
    return () => query.removeEventListener('change', changed);
  }, []);
  const theme = chosen ?? system;
  const turn = () => {
    const turned = theme === 'dark' ? 'light' : 'dark';
    localStorage.setItem(kept_as, turned);
    set_chosen(turned);
    apply_theme();
  };
  return [theme, turn];
}
