'use strict';
// The pages work without this: the server filters too, and texts can be selected.

const box = document.getElementById('filter');
if (box) {
  const rows = [...document.querySelectorAll('tr[data-text]')];
  const shown = document.getElementById('shown');
  const filter = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of rows) {
      row.hidden = !words.every((word) => row.dataset.text.includes(word));
    }
    shown.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} shown`;
    const query = box.value ? `?q=${encodeURIComponent(box.value)}` : location.pathname;
    history.replaceState(null, '', query);
  };
  box.addEventListener('input', filter);
  // A browser that goes back, or reloads, may have kept another text in the box.
  addEventListener('pageshow', filter);
  addEventListener('keydown', (event) => {
    if (event.key === '/' && event.target !== box && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      box.select();
      box.focus();
    } else if (event.key === 'Escape' && event.target === box && box.value) {
      event.preventDefault();
      box.value = '';
      filter();
    }
  });
}

for (const button of document.querySelectorAll('code + button')) {
  const code = button.previousElementSibling;
  button.hidden = false;
  button.addEventListener('click', async () => {
    getSelection().selectAllChildren(code);
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = 'Copied';
    } catch {
      // Without HTTPS there is no clipboard; what is selected can still be copied by hand.
      button.textContent = 'Selected';
    }
  });
}
