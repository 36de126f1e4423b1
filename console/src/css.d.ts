import 'react';

declare module 'react' {
  // Our own custom properties, set from script: `style={{ '--lanes': … }}`.
  interface CSSProperties {
    [name: `--${string}`]: string | number | undefined;
  }
}
