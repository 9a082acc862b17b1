/* <div data-later="MOMENT"> around the moment of a form that asks `when`: what is to be planned lies ahead, so it stands
   there instead of the present one, unless another was typed. */
document.addEventListener("change", ({ target }) => {
  const place = target.name === "when" && target.form?.querySelector("[data-later]");
  if (!place) return;
  const field = place.querySelector("input");
  const { later } = place.dataset;
  if (target.value === "plan" && field.value === field.defaultValue) field.value = later;
  else if (target.value !== "plan" && field.value === later) field.value = field.defaultValue;
});
