/* A file that is larger than the server takes is told at its field before anything is sent.

   <input type="file" data-most="BYTES" data-too-large="words"> (forms/files.py, OneFile). All else that was typed stays. */
import { icon } from "./icon.js";

function describe(field, ...ids) {
  if (ids.length) field.setAttribute("aria-describedby", ids.join(" "));
  else field.removeAttribute("aria-describedby");
}

function tell(field, words) {
  const id = `${field.id}_error`;
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((one) => one && one !== id);
  document.getElementById(id)?.remove();
  field.classList.toggle("is-invalid", Boolean(words));
  if (!words) {
    field.removeAttribute("aria-invalid");
    describe(field, ...others);
    return;
  }
  const box = document.createElement("div");
  box.className = "invalid-feedback d-flex";
  box.id = id;
  box.setAttribute("role", "alert");
  const span = document.createElement("span");
  span.textContent = words;
  box.append(icon("alert-circle", 14), span);
  field.parentElement.append(box);
  field.setAttribute("aria-invalid", "true");
  describe(field, ...others, id);
}

document.addEventListener("change", ({ target: field }) => {
  if (!field.dataset?.most || field.type !== "file") return;
  const large = [...field.files].some((file) => file.size > Number(field.dataset.most));
  if (large) field.value = "";
  tell(field, large ? field.dataset.tooLarge : "");
});
