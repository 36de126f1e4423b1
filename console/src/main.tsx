import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';

const place = document.getElementById('console');
if (place === null) throw new Error('index.html has no place for the console');
createRoot(place).render(
  <StrictMode>
    <h1>Cartwright console</h1>
  </StrictMode>,
);
