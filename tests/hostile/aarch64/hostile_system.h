/* SPDX-License-Identifier: Apache-2.0
 *
 * System registers and system instructions, each with what comes of it at EL0.
 * Arm ARM (DDI 0487), C5.3 to C5.5 and D19; their encodings stand here as numbers,
 * since assemblers do not know all of them.
 */
#ifndef MOTE_TEST_HOSTILE_SYSTEM_H
#define MOTE_TEST_HOSTILE_SYSTEM_H

/* X(name, op0, op1, CRn, CRm, op2) */
/* clang-format off */

/* Of EL1 and above: undefined at EL0. */
#define CONTROL_REGISTERS(X) \
	X(sctlr_el1, 3, 0, 1, 0, 0) \
	X(actlr_el1, 3, 0, 1, 0, 1) \
	X(cpacr_el1, 3, 0, 1, 0, 2) \
	X(rgsr_el1, 3, 0, 1, 0, 5) \
	X(gcr_el1, 3, 0, 1, 0, 6) \
	X(zcr_el1, 3, 0, 1, 2, 0) \
	X(trfcr_el1, 3, 0, 1, 2, 1) \
	X(smcr_el1, 3, 0, 1, 2, 6) \
	X(ttbr0_el1, 3, 0, 2, 0, 0) \
	X(ttbr1_el1, 3, 0, 2, 0, 1) \
	X(tcr_el1, 3, 0, 2, 0, 2) \
	X(apiakeylo_el1, 3, 0, 2, 1, 0) \
	X(apgakeyhi_el1, 3, 0, 2, 3, 1) \
	X(spsr_el1, 3, 0, 4, 0, 0) \
	X(elr_el1, 3, 0, 4, 0, 1) \
	X(sp_el0, 3, 0, 4, 1, 0) \
	X(spsel, 3, 0, 4, 2, 0) \
	X(currentel, 3, 0, 4, 2, 2) \
	X(pan, 3, 0, 4, 2, 3) \
	X(uao, 3, 0, 4, 2, 4) \
	X(icc_pmr_el1, 3, 0, 4, 6, 0) \
	X(afsr0_el1, 3, 0, 5, 1, 0) \
	X(esr_el1, 3, 0, 5, 2, 0) \
	X(errselr_el1, 3, 0, 5, 3, 1) \
	X(tfsr_el1, 3, 0, 5, 6, 0) \
	X(far_el1, 3, 0, 6, 0, 0) \
	X(par_el1, 3, 0, 7, 4, 0) \
	X(pmscr_el1, 3, 0, 9, 9, 0) \
	X(trblimitr_el1, 3, 0, 9, 11, 0) \
	X(pmintenset_el1, 3, 0, 9, 14, 1) \
	X(mair_el1, 3, 0, 10, 2, 0) \
	X(amair_el1, 3, 0, 10, 3, 0) \
	X(lorc_el1, 3, 0, 10, 4, 3) \
	X(vbar_el1, 3, 0, 12, 0, 0) \
	X(isr_el1, 3, 0, 12, 1, 0) \
	X(disr_el1, 3, 0, 12, 1, 1) \
	X(icc_iar0_el1, 3, 0, 12, 8, 0) \
	X(icc_sgi1r_el1, 3, 0, 12, 11, 5) \
	X(icc_iar1_el1, 3, 0, 12, 12, 0) \
	X(icc_ctlr_el1, 3, 0, 12, 12, 4) \
	X(icc_sre_el1, 3, 0, 12, 12, 5) \
	X(contextidr_el1, 3, 0, 13, 0, 1) \
	X(tpidr_el1, 3, 0, 13, 0, 4) \
	X(cntkctl_el1, 3, 0, 14, 1, 0) \
	X(implementation_defined, 3, 0, 15, 1, 0) \
	X(csselr_el1, 3, 2, 0, 0, 0) \
	X(sctlr_el2, 3, 4, 1, 0, 0) \
	X(hcr_el2, 3, 4, 1, 1, 0) \
	X(mdcr_el2, 3, 4, 1, 1, 1) \
	X(vttbr_el2, 3, 4, 2, 1, 0) \
	X(spsr_el2, 3, 4, 4, 0, 0) \
	X(elr_el2, 3, 4, 4, 0, 1) \
	X(sp_el1, 3, 4, 4, 1, 0) \
	X(esr_el2, 3, 4, 5, 2, 0) \
	X(hpfar_el2, 3, 4, 6, 0, 4) \
	X(vbar_el2, 3, 4, 12, 0, 0) \
	X(ich_hcr_el2, 3, 4, 12, 11, 0) \
	X(tpidr_el2, 3, 4, 13, 0, 2) \
	X(cntvoff_el2, 3, 4, 14, 0, 3) \
	X(cnthctl_el2, 3, 4, 14, 1, 0) \
	X(sctlr_el12, 3, 5, 1, 0, 0) \
	X(cntkctl_el12, 3, 5, 14, 1, 0) \
	X(sctlr_el3, 3, 6, 1, 0, 0) \
	X(scr_el3, 3, 6, 1, 1, 0) \
	X(vbar_el3, 3, 6, 12, 0, 0)

#define DEBUG_REGISTERS(X) \
	X(osdtrrx_el1, 2, 0, 0, 0, 2) \
	X(mdccint_el1, 2, 0, 0, 2, 0) \
	X(mdscr_el1, 2, 0, 0, 2, 2) \
	X(oseccr_el1, 2, 0, 0, 6, 2) \
	X(dbgbvr0_el1, 2, 0, 0, 0, 4) \
	X(dbgbcr0_el1, 2, 0, 0, 0, 5) \
	X(dbgwvr0_el1, 2, 0, 0, 0, 6) \
	X(dbgwcr0_el1, 2, 0, 0, 0, 7) \
	X(dbgbvr5_el1, 2, 0, 0, 5, 4) \
	X(mdrar_el1, 2, 0, 1, 0, 0) \
	X(oslar_el1, 2, 0, 1, 0, 4) \
	X(oslsr_el1, 2, 0, 1, 1, 4) \
	X(osdlr_el1, 2, 0, 1, 3, 4) \
	X(dbgprcr_el1, 2, 0, 1, 4, 4) \
	X(dbgclaimset_el1, 2, 0, 7, 8, 6) \
	X(dbgauthstatus_el1, 2, 0, 7, 14, 6) \
	X(trcprgctlr, 2, 1, 0, 1, 0)

/* What the processor is.  HARDWARE may trap reads of them for a kernel to answer. */
#define IDENTITY_REGISTERS(X) \
	X(midr_el1, 3, 0, 0, 0, 0) \
	X(mpidr_el1, 3, 0, 0, 0, 5) \
	X(revidr_el1, 3, 0, 0, 0, 6) \
	X(id_pfr0_el1, 3, 0, 0, 1, 0) \
	X(id_dfr0_el1, 3, 0, 0, 1, 2) \
	X(id_isar0_el1, 3, 0, 0, 2, 0) \
	X(mvfr0_el1, 3, 0, 0, 3, 0) \
	X(id_aa64pfr0_el1, 3, 0, 0, 4, 0) \
	X(id_aa64pfr1_el1, 3, 0, 0, 4, 1) \
	X(id_aa64zfr0_el1, 3, 0, 0, 4, 4) \
	X(id_aa64dfr0_el1, 3, 0, 0, 5, 0) \
	X(id_aa64isar0_el1, 3, 0, 0, 6, 0) \
	X(id_aa64mmfr0_el1, 3, 0, 0, 7, 0) \
	X(id_aa64mmfr2_el1, 3, 0, 0, 7, 2) \
	X(ccsidr_el1, 3, 1, 0, 0, 0) \
	X(clidr_el1, 3, 1, 0, 0, 1) \
	X(gmid_el1, 3, 1, 0, 0, 4) \
	X(smidr_el1, 3, 1, 0, 0, 6) \
	X(aidr_el1, 3, 1, 0, 0, 7) \
	X(vpidr_el2, 3, 4, 0, 0, 0)

/* Of EL0, but closed there: the timers and the interrupt mask. */
#define CLOSED_REGISTERS(X) \
	X(daif, 3, 3, 4, 2, 1) \
	X(cntp_tval_el0, 3, 3, 14, 2, 0) \
	X(cntp_ctl_el0, 3, 3, 14, 2, 1) \
	X(cntp_cval_el0, 3, 3, 14, 2, 2) \
	X(cntv_tval_el0, 3, 3, 14, 3, 0) \
	X(cntv_ctl_el0, 3, 3, 14, 3, 1) \
	X(cntv_cval_el0, 3, 3, 14, 3, 2)

/* The same, but writes are undefined. */
#define CLOSED_TO_READS(X) \
	X(ctr_el0, 3, 3, 0, 0, 1) \
	X(cntfrq_el0, 3, 3, 14, 0, 0) \
	X(cntpct_el0, 3, 3, 14, 0, 1) \
	X(cntvct_el0, 3, 3, 14, 0, 2)

/* Of EL0, in extensions that the bed lacks and that are closed elsewhere. */
#define CLOSED_EXTENSIONS(X) \
	X(scxtnum_el0, 3, 3, 13, 0, 7) \
	X(tpidr2_el0, 3, 3, 13, 0, 5) \
	X(cntpctss_el0, 3, 3, 14, 0, 5) \
	X(cntvctss_el0, 3, 3, 14, 0, 6) \
	X(amcr_el0, 3, 3, 13, 2, 0) \
	X(amuserenr_el0, 3, 3, 13, 2, 3) \
	X(amevcntr00_el0, 3, 3, 13, 4, 0)

/* Performance counters: the vCPU has none. */
#define COUNTER_REGISTERS(X) \
	X(pmcr_el0, 3, 3, 9, 12, 0) \
	X(pmcntenset_el0, 3, 3, 9, 12, 1) \
	X(pmcntenclr_el0, 3, 3, 9, 12, 2) \
	X(pmovsclr_el0, 3, 3, 9, 12, 3) \
	X(pmceid0_el0, 3, 3, 9, 12, 6) \
	X(pmceid1_el0, 3, 3, 9, 12, 7) \
	X(pmxevtyper_el0, 3, 3, 9, 13, 1) \
	X(pmuserenr_el0, 3, 3, 9, 14, 0) \
	X(pmovsset_el0, 3, 3, 9, 14, 3) \
	X(pmevtyper0_el0, 3, 3, 14, 12, 0) \
	X(pmccfiltr_el0, 3, 3, 14, 15, 7)

#define READABLE_COUNTERS(X) \
	X(pmccntr_el0, 3, 3, 9, 13, 0) \
	X(pmxevcntr_el0, 3, 3, 9, 13, 2) \
	X(pmevcntr0_el0, 3, 3, 14, 8, 0)

#define WRITABLE_COUNTERS(X) \
	X(pmswinc_el0, 3, 3, 9, 12, 4)

#define SELECT_COUNTER(X) \
	X(pmselr_el0, 3, 3, 9, 12, 5)

#define DEBUG_STATUS(X) \
	X(mdccsr_el0, 2, 3, 0, 1, 0)

#define DEBUG_CHANNEL(X) \
	X(dbgdtr_el0, 2, 3, 0, 4, 0) \
	X(dbgdtrrx_el0, 2, 3, 0, 5, 0)

#define RANDOM_NUMBERS(X) \
	X(rndr, 3, 3, 2, 4, 0) \
	X(rndrrs, 3, 3, 2, 4, 1)

/* The guest's own. */
#define OPEN_REGISTERS(X) \
	X(nzcv, 3, 3, 4, 2, 0) \
	X(fpcr, 3, 3, 4, 4, 0) \
	X(fpsr, 3, 3, 4, 4, 1) \
	X(tpidr_el0, 3, 3, 13, 0, 2)

#define OPEN_TO_READS(X) \
	X(dczid_el0, 3, 3, 0, 0, 7) \
	X(tpidrro_el0, 3, 3, 13, 0, 3)

/* Instructions of EL1 and above: undefined at EL0. */
#define SYSTEM_INSTRUCTIONS(X) \
	X(ic_ialluis, 1, 0, 7, 1, 0) \
	X(ic_iallu, 1, 0, 7, 5, 0) \
	X(dc_ivac, 1, 0, 7, 6, 1) \
	X(dc_isw, 1, 0, 7, 6, 2) \
	X(dc_csw, 1, 0, 7, 10, 2) \
	X(dc_cisw, 1, 0, 7, 14, 2) \
	X(at_s1e1r, 1, 0, 7, 8, 0) \
	X(at_s1e1w, 1, 0, 7, 8, 1) \
	X(at_s1e0r, 1, 0, 7, 8, 2) \
	X(at_s1e0w, 1, 0, 7, 8, 3) \
	X(at_s12e0r, 1, 4, 7, 8, 6) \
	X(at_s1e2r, 1, 4, 7, 8, 0) \
	X(tlbi_vmalle1is, 1, 0, 8, 3, 0) \
	X(tlbi_vmalle1, 1, 0, 8, 7, 0) \
	X(tlbi_vae1, 1, 0, 8, 7, 1) \
	X(tlbi_aside1, 1, 0, 8, 7, 2) \
	X(tlbi_ipas2e1, 1, 4, 8, 4, 1) \
	X(tlbi_alle2, 1, 4, 8, 7, 0) \
	X(tlbi_alle1, 1, 4, 8, 7, 4) \
	X(tlbi_alle3, 1, 6, 8, 7, 0)

/* Maintenance by address: closed, whatever is there. */
#define MAINTENANCE(X) \
	X(dc_zva, 1, 3, 7, 4, 1) \
	X(ic_ivau, 1, 3, 7, 5, 1) \
	X(dc_cvac, 1, 3, 7, 10, 1) \
	X(dc_cvau, 1, 3, 7, 11, 1) \
	X(dc_cvap, 1, 3, 7, 12, 1) \
	X(dc_civac, 1, 3, 7, 14, 1)

/* The same, in extensions that the bed lacks. */
#define MAINTENANCE_EXTENSIONS(X) \
	X(dc_gva, 1, 3, 7, 4, 3) \
	X(dc_gzva, 1, 3, 7, 4, 4) \
	X(dc_cgvac, 1, 3, 7, 10, 3) \
	X(dc_cvadp, 1, 3, 7, 13, 1) \
	X(cfp_rctx, 1, 3, 7, 3, 4) \
	X(dvp_rctx, 1, 3, 7, 3, 5) \
	X(cpp_rctx, 1, 3, 7, 3, 7)

/* clang-format on */
#endif
