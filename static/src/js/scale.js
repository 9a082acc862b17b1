/* A scale of radio buttons takes the digits of the keyboard. */
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const scale = event.target.closest?.("[data-scale]");
  const radio = /^[0-9]$/.test(event.key) && scale?.querySelector(`input[type=radio][value="${event.key}"]`);
  if (!radio) return;
  event.preventDefault();
  radio.focus();
  radio.click();
});
