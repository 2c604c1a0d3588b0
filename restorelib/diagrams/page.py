"""How a drawing lives on a page: its colours by day and by night, and what happens under a finger."""

# Without JavaScript the slider is away, and a part says its title under the mouse; the table says all.
CSS = """<style>
.rl-network{--own:var(--day);--conv:#5f7d9c;--line:#8a94a0;--fill:#f3f5f8;margin:1.5em 0;padding:0;width:100%}
html:is([data-theme=dark],[theme=dark]) .rl-network,
[data-jp-theme-light=false] .rl-network{--own:var(--night);--conv:#8fabc8;--line:#7d8794;--fill:#1d232b}
.rl-drawn{container-type:inline-size}
.network{display:block;width:100%;height:auto;margin:0 auto;overflow:visible;font-family:inherit}
.network.wide{max-width:784px}.network.tall{max-width:340px;display:none}
@container (max-width:690px){.network.wide{display:none}.network.tall{display:block}}
.network text{font-size:12.5px;text-anchor:middle;fill:currentColor;opacity:.82}
.network .beside{text-anchor:start}.network .before{text-anchor:end}
.network .own{fill:var(--own);opacity:1}.network .face{font-weight:600;opacity:1}
.network path{fill:none;stroke:var(--line);stroke-width:1.3}
.network :is(.skip,.link,.plus){stroke:var(--own);stroke-width:1.6}
.network .link{stroke-width:1.1}
.network .loop{stroke-width:1.2}
.network .zoom{fill:var(--own);opacity:.07}
.network .conv{fill:var(--conv)}
.network .deconv{fill:var(--pst-color-background,Canvas);stroke:var(--conv);stroke-width:1.6}
.network .join{fill:var(--own)}
.network :is(.box,.act){fill:var(--fill);stroke:var(--line)}
.network .sum{fill:var(--pst-color-background,Canvas);stroke:var(--own);stroke-width:1.6}
.network .sign{fill:var(--own);opacity:1}
.network .frame{fill:none;stroke:var(--line);stroke-opacity:.5}
.network .part{pointer-events:bounding-box;cursor:pointer}
.rl-lit .network :is(.part,[data-from]):not(.rl-on){opacity:.28}
.rl-network .rl-part{font-size:.9rem;display:flex;gap:.6em;align-items:center;margin:.6em 0 0}
.rl-network .rl-part input{flex:1;max-width:22em;accent-color:var(--own)}
@media (scripting:none){.rl-network .rl-part,.rl-network .rl-said{display:none}}
.rl-network .rl-table td:nth-child(2){text-align:left;white-space:normal;min-width:9em}
.rl-network .rl-table th:nth-child(2){text-align:left}
.rl-network .rl-said{min-height:3em;margin:.2em 0;font-size:.9rem}
@media print{.rl-network :is(.rl-part,.rl-said){display:none}}
</style>"""

# The slider's value is the number of the part that is lit; 0 is none.
MOVE = (
    "const f=this.closest('figure'),n=this.value,all=[...f.querySelectorAll('[data-p]')];"
    "all.forEach(e=>e.classList.toggle('rl-on',e.dataset.p==n));"
    "f.classList.toggle('rl-lit',n>0);this.dataset.whole??=this.getAttribute('aria-valuetext');"
    "const t=all.map(e=>e.dataset.p==n&&e.querySelector('title')).find(Boolean);"
    "f.querySelector('.rl-said').textContent=t?t.textContent:this.dataset.whole;"
    "this.setAttribute('aria-valuetext',f.querySelector('.rl-said').textContent)"
)
POINT = (
    "const e=event.target.closest('[data-p]'),r=this.querySelector('input');"
    "if(e||event.target.closest('svg')){r.value=e?e.dataset.p:0;r.oninput()}"
)
