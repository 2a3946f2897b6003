// Cellular kinetics, response and dose-limiting toxicity of a CAR-T trial, one joint model.
//
// Outside truth for the PyMC model: written from the equations alone, sharing no code with it. Time is in days,
// transgene in copies/ug. The exposure integral is taken in closed form instead of by quadrature. With
// z = inv_logit((t - tmax) / W), p = rho W and r = alpha W (or beta W), each decay phase of the smooth-peak curve is
// C / cmax = z^p (1 - z)^r, and dt = W dz / (z (1 - z)), so its integral is W times an incomplete beta function.
functions {
  // What smoothing takes from a pure exponential z^p / p: the sum over j >= 1 in the incomplete beta series
  // integral_0^z s^(p-1) (1-s)^(r-1) ds = z^p (1/p + sum_j (1-r)_j / j! z^j / (p+j)). Only called with z <= 1/2, where
  // it converges; far from the peak z is 1e-50 and it has no term at all.
  vector beta_rest(vector z, vector p, vector r) {
    int n = num_elements(z);
    vector[n] power = z;
    vector[n] coef = 1 - r;
    vector[n] total = zeros_vector(n);
    int j = 1;
    while (n > 0 && max(power) > 1e-13) {
      total += coef .* power ./ (p + j);
      j += 1;
      coef = coef .* (j - r) / j;
      power = power .* z;
    }
    return total;
  }

  // ln integral_{z(0)}^{z(T)} z^(p-1) (1-z)^(r-1) dz; `before` is (0 - tmax) / W and `after` is (T - tmax) / W.
  // Whole minus both ends when the peak lies inside the window, with B(p, r) - 1/p - 1/r formed without cancellation;
  // difference of the rising side when the peak comes after the window.
  vector log_beta_window(vector before, vector after, vector p, vector r) {
    int n = num_elements(p);
    vector[n] log_area;
    array[n] int inside;
    array[n] int beyond;
    int n_in = 0;
    int n_out = 0;
    for (i in 1 : n) {
      if (after[i] >= 0) {
        n_in += 1;
        inside[n_in] = i;
      } else {
        n_out += 1;
        beyond[n_out] = i;
      }
    }
    if (n_in > 0) {
      array[n_in] int k = inside[1 : n_in];
      vector[n_in] log_z0 = -log1p_exp(-before[k]);
      vector[n_in] log_1mz1 = -log1p_exp(after[k]);
      // Smooth in p and r but 0/0 at zero; so small a shift moves the area by less than 1e-10 of itself.
      vector[n_in] a = p[k] + 1e-10;
      vector[n_in] b = r[k] + 1e-10;
      vector[n_in] bend = (inv(a) + inv(b)) .* expm1(lgamma(1 + a) + lgamma(1 + b) - lgamma(1 + a + b));
      log_area[k] = log(-expm1(p[k] .* log_z0) ./ p[k] - expm1(r[k] .* log_1mz1) ./ r[k] + bend
                        - exp(p[k] .* log_z0) .* beta_rest(exp(log_z0), p[k], r[k])
                        - exp(r[k] .* log_1mz1) .* beta_rest(exp(log_1mz1), r[k], p[k]));
    }
    if (n_out > 0) {
      array[n_out] int k = beyond[1 : n_out];
      vector[n_out] log_z0 = -log1p_exp(-before[k]);
      vector[n_out] log_z1 = -log1p_exp(-after[k]);
      // Factor z1^p out, so that a very late peak leaves a small number's logarithm and not the logarithm of zero.
      vector[n_out] log_ratio = p[k] .* (log_z0 - log_z1);
      log_area[k] = p[k] .* log_z1
                    + log(-expm1(log_ratio) ./ p[k] + beta_rest(exp(log_z1), p[k], r[k])
                          - exp(log_ratio) .* beta_rest(exp(log_z0), p[k], r[k]));
    }
    return log_area;
  }

  // ln (concentration area from 0 to `end`), one value per subject.
  vector log_auc(real end, real width, vector ln_cmax, vector tmax, vector rho, vector alpha, vector beta_,
                 vector logit_fb) {
    int n = num_elements(tmax);
    vector[n] before = -tmax / width;
    vector[n] after = (end - tmax) / width;
    vector[n] fast = log_beta_window(before, after, rho * width, alpha * width);
    vector[n] slow = log_beta_window(before, after, rho * width, beta_ * width);
    return ln_cmax + log(width) + fast - log1p_exp(logit_fb) + log1p_exp(logit_fb + slow - fast);
  }

  // ln concentration at each sample; all arguments one value per sample.
  vector log_curve(vector t, real width, vector ln_cmax, vector tmax, vector rho, vector alpha, vector beta_,
                   vector logit_fb) {
    int n = num_elements(t);
    vector[n] d = (t - tmax) / width;
    vector[n] dn = width * log1p_exp(d);
    return ln_cmax - width * rho .* log1p_exp(-d) - alpha .* dn - log1p_exp(logit_fb)
           + log1p_exp(logit_fb + (alpha - beta_) .* dn);
  }
}
data {
  int<lower=1> n_subject;
  vector[n_subject] x; // ln(dose / 1e8 cells)
  real<lower=0> width; // W, days over which growth turns into decay
  real<lower=0> auc_end; // days

  int<lower=0> n_quant; // samples above the limit of quantification come first, then the rest
  int<lower=0> n_blq;
  array[n_quant + n_blq] int<lower=1, upper=n_subject> subject;
  vector<lower=0>[n_quant + n_blq] t;
  vector[n_quant] ln_level;
  vector[n_blq] ln_lloq;

  int<lower=0> n_step1;
  array[n_step1] int<lower=0, upper=1> step1;
  int<lower=0> n_lp;
  array[n_lp] int<lower=1, upper=n_subject> lp_subject;
  vector[n_lp] lp;
  int<lower=0> n_dlt;
  array[n_dlt] int<lower=1, upper=n_subject> dlt_subject;
  array[n_dlt] int<lower=0, upper=1> dlt;
}
transformed data {
  int n_sample = n_quant + n_blq;
  real ln_auc_ref = 12.5;
}
// offset and multiplier make the sampler see standard normals, while priors read as they are published.
parameters {
  real<offset=log(4e4), multiplier=0.7> ln_cmax_pop;
  real<offset=0.15, multiplier=0.25> cov_cmax_dose;
  real<offset=log(11), multiplier=0.15> ln_tmax_pop;
  real<offset=-0.05, multiplier=0.10> cov_tmax_dose;
  real<offset=log(8), multiplier=1> ln_c0_pop;
  real<offset=1, multiplier=0.25> cov_c0_dose;
  real<offset=log(0.17), multiplier=0.35> ln_alpha_pop;
  real<offset=-4.6, multiplier=0.8> logit_fb_pop;
  real<offset=log(0.0116), multiplier=0.7> ln_beta_pop;

  real<offset=log(0.9), multiplier=0.3> ln_omega_cmax;
  real<offset=log(0.28), multiplier=0.35> ln_omega_tmax;
  real<lower=0> omega_c0;
  real<offset=log(0.5), multiplier=0.35> ln_omega_alpha;
  real<lower=0> omega_fb;
  real<lower=0> omega_beta;
  real<offset=log(0.5), multiplier=0.2> ln_sigma;

  vector[n_subject] e_cmax;
  vector[n_subject] e_tmax;
  vector[n_subject] e_c0;
  vector[n_subject] e_alpha;
  vector[n_subject] e_fb;
  vector[n_subject] e_beta;

  real<offset=2, multiplier=3> k0;
  real<offset=1.2, multiplier=1.5> k1;
  real<offset=log(4.4), multiplier=0.25> ln_tau;
  real<lower=0, upper=1> q_step1;
  real<offset=logit(0.15), multiplier=1.25> d0;
  real<offset=-0.25, multiplier=0.5> ld1;
}
transformed parameters {
  real<lower=0> cmax_pop = exp(ln_cmax_pop);
  real<lower=0> tmax_pop = exp(ln_tmax_pop);
  real<lower=0> c0_pop = exp(ln_c0_pop);
  real<lower=0> alpha_pop = exp(ln_alpha_pop);
  real<lower=0, upper=1> fb_pop = inv_logit(logit_fb_pop);
  real<lower=0> beta_pop = exp(ln_beta_pop);
  real<lower=0> omega_cmax = exp(ln_omega_cmax);
  real<lower=0> omega_tmax = exp(ln_omega_tmax);
  real<lower=0> omega_alpha = exp(ln_omega_alpha);
  real<lower=0> sigma = exp(ln_sigma);
  real<lower=0> tau = exp(ln_tau);

  vector[n_subject] ln_cmax = ln_cmax_pop + cov_cmax_dose * x + omega_cmax * e_cmax;
  vector[n_subject] tmax = exp(ln_tmax_pop + cov_tmax_dose * x + omega_tmax * e_tmax);
  vector[n_subject] ln_c0 = ln_c0_pop + cov_c0_dose * x + omega_c0 * e_c0;
  vector[n_subject] rho = log1p_exp(ln_cmax - ln_c0) ./ tmax;
  vector[n_subject] alpha = exp(ln_alpha_pop + omega_alpha * e_alpha);
  vector[n_subject] logit_fb = logit_fb_pop + omega_fb * e_fb;
  vector[n_subject] beta_ = exp(ln_beta_pop + omega_beta * e_beta);
  vector[n_subject] ln_auc28 = log_auc(auc_end, width, ln_cmax, tmax, rho, alpha, beta_, logit_fb);
}
model {
  ln_cmax_pop ~ normal(log(4e4), 0.7);
  cov_cmax_dose ~ normal(0.15, 0.25);
  ln_tmax_pop ~ normal(log(11), 0.15);
  cov_tmax_dose ~ normal(-0.05, 0.10);
  ln_c0_pop ~ normal(log(8), 1);
  cov_c0_dose ~ normal(1, 0.25);
  ln_alpha_pop ~ normal(log(0.17), 0.35);
  logit_fb_pop ~ normal(-4.6, 0.8);
  ln_beta_pop ~ normal(log(0.0116), 0.7);
  ln_omega_cmax ~ normal(log(0.9), 0.3);
  ln_omega_tmax ~ normal(log(0.28), 0.35);
  omega_c0 ~ normal(0, 1);
  ln_omega_alpha ~ normal(log(0.5), 0.35);
  omega_fb ~ normal(0, 0.8);
  omega_beta ~ normal(0, 0.5);
  ln_sigma ~ normal(log(0.5), 0.2);
  e_cmax ~ std_normal();
  e_tmax ~ std_normal();
  e_c0 ~ std_normal();
  e_alpha ~ std_normal();
  e_fb ~ std_normal();
  e_beta ~ std_normal();
  k0 ~ normal(2, 3);
  k1 ~ normal(1.2, 1.5);
  ln_tau ~ normal(log(4.4), 0.25);
  q_step1 ~ beta(1, 19);
  d0 ~ normal(logit(0.15), 1.25);
  ld1 ~ normal(-0.25, 0.5);

  {
    vector[n_sample] ln_c = log_curve(t, width, ln_cmax[subject], tmax[subject], rho[subject], alpha[subject],
                                      beta_[subject], logit_fb[subject]);
    ln_level ~ normal(head(ln_c, n_quant), sigma);
    target += std_normal_lcdf((ln_lloq - tail(ln_c, n_blq)) / sigma);
  }
  step1 ~ bernoulli(q_step1);
  lp ~ student_t(4, k0 + k1 * (ln_auc28[lp_subject] - ln_auc_ref), tau);
  dlt ~ bernoulli_logit(d0 + exp(ld1) * x[dlt_subject]);
}
generated quantities {
  // The likelihood in its parts, so that a disagreement with another program can be placed.
  real ll_quant;
  real ll_blq;
  real ll_step1 = bernoulli_lpmf(step1 | q_step1);
  real ll_lp = student_t_lpdf(lp | 4, k0 + k1 * (ln_auc28[lp_subject] - ln_auc_ref), tau);
  real ll_dlt = bernoulli_logit_lpmf(dlt | d0 + exp(ld1) * x[dlt_subject]);
  {
    vector[n_sample] ln_c = log_curve(t, width, ln_cmax[subject], tmax[subject], rho[subject], alpha[subject],
                                      beta_[subject], logit_fb[subject]);
    ll_quant = normal_lpdf(ln_level | head(ln_c, n_quant), sigma);
    ll_blq = std_normal_lcdf((ln_lloq - tail(ln_c, n_blq)) / sigma);
  }
}
